#!/usr/bin/env bash
# Writes the constraints files: for every supported Airflow the versions that `make test` installs.
# One file serves Python 3.10 to 3.13 by environment markers. What is pinned stays, unless --upgrade is given.
# Run it by `make constraints`.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-uv}
options=("$@")

# compile AIRFLOW [FURTHER BOUND …]
compile() {
    local airflow=$1 file=constraints/airflow-$1.txt
    shift
    # No hashes and no addresses: the same file has to work with every mirror of the package index.
    "$uv" pip compile pyproject.toml constraints/tools.in --group dev --group rehearsal --all-extras \
        --universal --python-version 3.10 --constraints <(printf '%s\n' "apache-airflow==$airflow" "$@") \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
        --output-file "$file" "${options[@]}"
    sed -i "1i # Made by constraints/compile.sh for Airflow $airflow, Python 3.10 to 3.13." "$file"
}

compile 3.3.2
# From 26.2 on svcs takes its registry back when a lifespan ends, which dag.test() of Airflow 3.2 does at once.
compile 3.2.2 'fastapi<0.137' 'svcs<26.2'
