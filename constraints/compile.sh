#!/usr/bin/env bash
# Writes the constraints files: for every supported Airflow the versions that `make test` installs.
# One file serves Python 3.10 to 3.13 by environment markers. Run it by `make constraints`.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-uv}

# compile AIRFLOW [FURTHER BOUND …]
compile() {
    local airflow=$1
    shift
    # No hashes and no addresses: the same file has to work with every mirror of the package index.
    {
        echo "# Made by constraints/compile.sh for Airflow $airflow, Python 3.10 to 3.13."
        "$uv" pip compile pyproject.toml constraints/tools.in --group dev --group rehearsal --all-extras \
            --universal --python-version 3.10 --constraints <(printf '%s\n' "apache-airflow==$airflow" "$@") \
            --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
    } >"constraints/airflow-$airflow.txt.new"
    mv "constraints/airflow-$airflow.txt.new" "constraints/airflow-$airflow.txt"
}

compile 3.3.2
compile 3.2.2 'fastapi<0.137'
