#!/bin/sh
# Puts the settings of the Dagster instance where Dagster looks for them, then runs what it was told to.
set -eu
if [ -d "$DAGSTER_HOME" ] && [ ! -e "$DAGSTER_HOME/dagster.yaml" ]; then
    cp /opt/itpm/instance.yaml "$DAGSTER_HOME/dagster.yaml"
fi
exec "$@"
