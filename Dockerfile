# syntax=docker/dockerfile:1
# The production image. The base images stand once, here; `.env` pins them by digest (deploy/README.md).
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM ${PYTHON_IMAGE} AS builder
# requirements/s3.txt adds object storage for the uploaded documents.
ARG REQUIREMENTS=requirements.txt
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# Without pip: the environment is filled from outside, and the final image cannot install anything.
RUN python -m venv --without-pip /venv
COPY requirements.txt ./
COPY requirements requirements
RUN python -m pip --python /venv/bin/python install --no-cache-dir --no-compile --require-hashes \
    --only-binary :all: -r "${REQUIREMENTS}"
COPY . .
COPY --from=packages /build/node_modules node_modules
# The secrets and the address are only there because the settings want them; collecting files uses neither.
RUN /venv/bin/python supplychain/local/assets.py \
    && SECRET_KEY=unused KEY_HMAC_SECRET=unused DATABASE_URL=postgresql://unused/unused \
       /venv/bin/python manage.py collectstatic --noinput -v 0 \
    && rm -rf node_modules build supplychain/local
# Byte code that tells its source by content: the same sources make the same files, whenever they are built.
RUN /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /venv/lib supplychain inventory incidents

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="supplychain" \
      org.opencontainers.image.description="Which running services contain it? SBOMs and running clusters in, the incident answer out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing that installs or builds; and a name for the user, without the date that useradd would leave.
RUN pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && echo 'supplychain:x:10001:10001::/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'supplychain:x:10001:' >> /etc/group
COPY --from=builder /venv /venv
COPY --from=builder /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SUPPLYCHAIN_HOME=/tmp
USER 10001:10001
EXPOSE 8000
# Of the web server; docker-compose.yml has others for the worker and beat.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "deploy/healthy.py", "http://127.0.0.1:8000/readyz"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "supplychain.wsgi"]
