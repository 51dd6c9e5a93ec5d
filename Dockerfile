# One image of images.toml:   docker build --build-arg IMAGE=ingest --tag aura/ingest:1.4.0 .
# The images differ in their last layer only, so a node that has one has nearly all of the others.

FROM --platform=$BUILDPLATFORM maven:3.9-eclipse-temurin-17 AS model
WORKDIR /build
COPY local/toolchain/recipes/locks/maven/embedding-model ./
RUN mvn --batch-mode --no-transfer-progress --strict-checksums \
        org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=lib \
    && cd lib && sha256sum --check ../lock \
    && jar --extract --file *.jar all-minilm-l6-v2-q.onnx all-minilm-l6-v2-q-tokenizer.json \
    && mkdir /model && mv all-minilm-l6-v2-q.onnx /model/model.onnx \
    && mv all-minilm-l6-v2-q-tokenizer.json /model/tokenizer.json

FROM python:3.11-slim-bookworm AS environment
COPY bin/uv.txt images.lock /build/
RUN pip install --no-cache-dir --no-deps --require-hashes -r /build/uv.txt \
    && uv venv --python /usr/local/bin/python3 /opt/environment \
    && uv pip sync --no-cache --require-hashes --compile-bytecode --python /opt/environment /build/images.lock

# RDS certifies databases by authorities of its own; brokers and caches have certificates of Amazon's public ones.
# AWS adds authorities to this file without notice, so a digest here would break builds and say nothing: it is trusted as
# far as the TLS name of AWS that it comes from. What a build got stays: staging and prod run one digest of the image.
FROM python:3.11-slim-bookworm AS authorities
ADD https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /build/
RUN python -c "import ssl; ssl.create_default_context(cafile='/build/global-bundle.pem')" \
    && cat /etc/ssl/certs/ca-certificates.crt /build/global-bundle.pem > /authorities.pem

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin aura
COPY --from=environment /opt/environment /opt/environment
COPY --from=model /model /opt/model
COPY --from=authorities --chmod=644 /authorities.pem /opt/authorities.pem
WORKDIR /app
COPY images.toml ./
COPY contracts ./contracts
COPY dataflows ./dataflows
COPY operators ./operators
COPY services ./services
ENV PATH=/opt/environment/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    EMBEDDING_MODEL_DIR=/opt/model \
    CA_FILE=/opt/authorities.pem
ARG IMAGE
COPY bin/write-entrypoint /usr/local/bin/
RUN write-entrypoint images.toml "$IMAGE" /usr/local/bin/entrypoint
USER 10001
ENTRYPOINT ["/usr/local/bin/entrypoint"]
