# One image for the service, for MLflow's server and for optuna-dashboard, so that all three are of
# one set of versions. Not for development: that is `make`. docs/deploy.md says how it is used.
#
# Tags are exact. Digests are not given because nobody here could look them up: pin what you have
# pulled (docker image inspect --format '{{index .RepoDigests 0}}') behind the tag, as tag@sha256:...

FROM python:3.11.15-slim-trixie AS builder

# cpu or cuda: which build of torch goes into the image.
ARG DEVICE=cpu
# Where pip finds that build, if not where it looks by itself; .env.example says more.
ARG TORCH_INDEX_URL=
ARG EXTRAS=postgres,dashboard,s3

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/fairtrial
ENV PATH=/opt/fairtrial/bin:$PATH
WORKDIR /source

# By far the largest layer, and the one that changes least, comes first.
COPY constraints.txt deploy/install_torch ./
RUN --mount=type=cache,target=/root/.cache/pip ./install_torch "$DEVICE" "$TORCH_INDEX_URL"

# Without the code this installs an empty project, and with it all that the project needs: a change
# of the code alone does not install that again.
COPY pyproject.toml README.md LICENSE ./
RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt ".[$EXTRAS]"

COPY cli cli
COPY sweeps sweeps
COPY tracking tracking
COPY trainer trainer
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps --force-reinstall . && pip check


FROM python:3.11.15-slim-trixie

# Those of the person who owns the mounted folder of sweep files, so that reports can be put there.
ARG FAIRTRIAL_UID=1000
ARG FAIRTRIAL_GID=1000

# Not unique: a group 20 as macOS has it is there already. The folders are made here because a new
# volume takes its owner from the image.
RUN groupadd --non-unique --gid "$FAIRTRIAL_GID" fairtrial \
    && useradd --non-unique --uid "$FAIRTRIAL_UID" --gid "$FAIRTRIAL_GID" --no-create-home \
        --home-dir /tmp --shell /usr/sbin/nologin fairtrial \
    && install --directory --owner fairtrial --group fairtrial /data /artifacts

COPY --from=builder /opt/fairtrial /opt/fairtrial
COPY deploy/healthy /usr/local/bin/healthy

# All that libraries want to write stands in /tmp, in memory, because the root is read-only; what is
# worth keeping (weights that `model: pretrained` fetches) stands in the volume.
ENV PATH=/opt/fairtrial/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    USER=fairtrial \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    XDG_CACHE_HOME=/tmp/cache \
    HF_HOME=/data/huggingface \
    GIT_PYTHON_REFRESH=quiet \
    MLFLOW_DISABLE_TELEMETRY=true

WORKDIR /data
USER ${FAIRTRIAL_UID}:${FAIRTRIAL_GID}
EXPOSE 8321
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=6 \
    CMD ["healthy", "http://127.0.0.1:8321/healthz"]
CMD ["fairtrial", "serve", "--host", "0.0.0.0", "--port", "8321"]
