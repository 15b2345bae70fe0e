# The static program and nothing else. ci/release.sh makes it:
#   ci/release.sh && docker build -t overlock .
#   docker run --rm -v "$PWD:/work:ro" overlock check .
FROM scratch
ARG BINARY=dist/overlock
COPY ${BINARY} /overlock
WORKDIR /work
ENTRYPOINT ["/overlock"]
