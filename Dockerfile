# The image of a checkout: builds the program from source and keeps it alone. `docker build -t overlock .` needs nothing
# but the engine; with podman, `podman build`. What a release publishes is made by ci/Dockerfile from the released program.
#
#   docker run --rm -v "$PWD:/work:ro" overlock check .
#
# BUILD_IMAGE is any image with a Rust toolchain, a C compiler and glibc's static library, as Debian's libc6-dev has it.
ARG BUILD_IMAGE=rust:1-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
ENV RUSTFLAGS="-C target-feature=+crt-static"
# With --target the flags are for the program alone: what runs while it is built may be linked as it is.
ARG PROFILE=release
RUN target=$(rustc -vV | sed -n 's/^host: //p') \
 && cargo build --profile "$PROFILE" --locked --target "$target" --bin overlock \
 && find target -name overlock -type f -perm -u+x ! -path '*/deps/*' -exec cp '{}' /overlock ';'

FROM scratch
LABEL org.opencontainers.image.title="overlock" \
      org.opencontainers.image.description="Audits the locks of state directories that containers share" \
      org.opencontainers.image.source="https://github.com/overlock/overlock" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /overlock /overlock
WORKDIR /work
ENTRYPOINT ["/overlock"]
