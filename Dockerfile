# Ackbot in a container. Configuration: a directory mounted at /etc/ackbot. State: the volume /var/lib/ackbot.
#   docker build -t ackbot . && docker run -v ./config:/etc/ackbot:ro -v ackbot:/var/lib/ackbot -p 8080:8080 ackbot
# In its [web] table: listen = "0.0.0.0:8080"; in an email_lmtp channel: listen = "0.0.0.0:8024".
# With letters as PDF (80 MB more): docker build --build-arg PDF=yes ...
ARG PDF=""

FROM python:3.11-slim AS build
ARG PDF
WORKDIR /src
COPY requirements.lock requirements-pdf.lock requirements-build.lock ./
# No pip in the environment that is shipped: the one of this stage installs into it.
RUN python -m venv --without-pip /opt/ackbot \
    && python -m pip --python /opt/ackbot/bin/python install --no-cache-dir --require-hashes -r "requirements${PDF:+-pdf}.lock" \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY . .
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
    && python -m pip --python /opt/ackbot/bin/python install --no-cache-dir --no-index --no-deps /dist/*.whl

FROM python:3.11-slim
ARG PDF
# hadolint ignore=DL3008
RUN if [ -n "$PDF" ]; then \
        apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
            libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core fonts-droid-fallback && rm -rf /var/lib/apt/lists/*; \
    fi
COPY --from=build /opt/ackbot /opt/ackbot
RUN mkdir -p /etc/ackbot /var/lib/ackbot && chown 10001:10001 /var/lib/ackbot
ENV PATH=/opt/ackbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ACKBOT_CONFIG=/etc/ackbot \
    ACKBOT_HEALTH_URL=http://127.0.0.1:8080/healthz
USER 10001:10001
WORKDIR /var/lib/ackbot
VOLUME /var/lib/ackbot
EXPOSE 8080 8024
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(os.environ['ACKBOT_HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["ackbot"]
CMD ["run"]
