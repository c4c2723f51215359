# The API in production. How to run it: compose.yaml, docs/deployment.md
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY apps apps
COPY libs libs
RUN npm run build

# What runs, without the tools that build and test it. Add-ons are packages of their own, so no script has to run.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production DATA_PATH=/data
WORKDIR /app
COPY package.json ./
COPY scripts/setup.mjs scripts/start-prod.mjs scripts/healthcheck.mjs scripts/
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The only folder that is written to, for the embedded store. With Redis it stays empty.
RUN install --directory --owner=node --group=node --mode=0700 /data
VOLUME /data
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "scripts/healthcheck.mjs"]
# Not npm, which does not pass every signal on.
CMD ["node", "--max-semi-space-size=32", "scripts/start-prod.mjs"]
