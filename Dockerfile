# The manager's image. An ordinary build needs nothing but this checkout:
#   docker build -t registry.example/kamaji-control-plane-provider:dev .
# The lab, which may have no registry to pull from, bundles on the host and builds the stage "prebuilt" on a base of its own.
ARG BUILD_IMAGE=docker.io/library/node:24-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BASE_IMAGE} AS runtime
WORKDIR /app
USER 65532:65532
# One arena: threads that make keys and resolve names would each keep an arena of freed memory.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
# Source maps are kept in memory whole. They lie beside the bundle: NODE_OPTIONS=--enable-source-maps turns them on.
# What a pass makes is garbage soon after: a larger nursery only takes memory (V8's own limit is 3 x 16 MiB and more), and so
# does a heap that may grow by more before it is collected. Measured: docs/performance.md.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=4", "--heap-growing-percent=40", "/app/manager.mjs"]

FROM runtime AS prebuilt
COPY dist/ /app/

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM runtime
COPY --from=build /src/dist/ /app/
