# syntax=docker/dockerfile:1
# One image for the API, the workers and the one-shot programs; docker-compose.yml says which.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY domain domain
COPY server server
COPY workers workers
COPY admin admin
# The development tools (stand-in, mailbox, launcher) are no part of the image: dev/ is not copied.
RUN npm run build && rm -f dist/.tsbuildinfo

FROM node:20-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
USER node
EXPOSE 3000
CMD ["node", "dist/server/main.js"]
