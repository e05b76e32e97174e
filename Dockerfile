# The production image. Names of base images stand once, here; pin them by digest when you build for production:
# docker build --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:… .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM ${PYTHON_IMAGE} AS builder
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY . .
COPY --from=packages /build/node_modules node_modules
# The secrets and the address are only there because the settings want them; collecting files uses neither.
RUN /venv/bin/python supplychain/local/assets.py \
    && SECRET_KEY=unused KEY_HMAC_SECRET=unused DATABASE_URL=postgresql://unused/unused \
       /venv/bin/python manage.py collectstatic --noinput -v 0 \
    && rm -rf node_modules build tests

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin supplychain
COPY --from=builder /venv /venv
COPY --from=builder /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SUPPLYCHAIN_HOME=/tmp
USER 10001
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "supplychain.wsgi"]
