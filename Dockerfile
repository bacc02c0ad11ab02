# syntax=docker/dockerfile:1

ARG NODE=node:24-alpine

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.mjs

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM ${NODE}
# A container has an address of its own; what may reach it is for the network around it to say.
ENV BREAKGLASS_HTTP_HOST=0.0.0.0
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
# Workflow files are policy and not part of the image: mount them at /app/workflows.

USER node
EXPOSE 3000 8080
# Says whether this process works; Redis, Slack or S3 being away is no reason to replace it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.BREAKGLASS_HTTP_PORT || 8080) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/breakglass.js"]
CMD ["serve"]
