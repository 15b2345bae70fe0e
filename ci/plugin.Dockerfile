# The image for CI runners: the program, a shell, git (for `--since`), curl and jq (for the comment). As a Woodpecker
# plugin it is configured by `settings`; a step with commands, GitLab's runner and Jenkins call the shell in it.
#   ci/release.sh && docker build -t overlock-ci -f ci/plugin.Dockerfile .
ARG BASE_IMAGE=debian:stable-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl git jq \
 && rm -rf /var/lib/apt/lists/*
LABEL org.opencontainers.image.title="overlock-ci" \
      org.opencontainers.image.description="Overlock for CI runners, and a Woodpecker plugin" \
      org.opencontainers.image.source="https://github.com/overlock/overlock" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY ci/plugin.sh ci/comment.sh /usr/local/lib/overlock/
ARG BINARY=dist/overlock
COPY ${BINARY} /usr/local/bin/overlock
WORKDIR /work
# Runners that have commands of their own give them as arguments or in place of this.
ENTRYPOINT ["/usr/local/lib/overlock/plugin.sh"]
