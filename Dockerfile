# The gateway from the package's dist, with its production dependencies and no tool: the final stage runs nothing, so it
# needs no shell. A tag can move; a digest cannot. To pin the base image by its digest, look it up and hand it over:
#   docker buildx imagetools inspect node:26.10.0-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg NODE_IMAGE=node:26.10.0-slim@sha256:… .
ARG NODE_IMAGE=node:26.10.0-slim

FROM $NODE_IMAGE AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY .ci ./.ci
COPY src ./src
RUN npm run build

FROM $NODE_IMAGE AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The SDK of OpenTelemetry is an optional dependency, and a tool of the tests too: npm would leave it out with the tools.
RUN npm pkg delete devDependencies && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM $NODE_IMAGE
ARG REVISION=unknown
LABEL org.opencontainers.image.title="video-task-gateway" \
      org.opencontainers.image.description="One shared poll per A2E video task, fanned out as a live GraphQL subscription." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
# The user "node" of the base image, by number, so that Kubernetes can check runAsNonRoot. The user owns no file here.
USER 1000:1000
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Replaces the base image's entry, which is a shell script. `docker run IMAGE --help` lists the environment variables.
ENTRYPOINT ["node", "dist/cli.js"]
