#!/usr/bin/env bash
# Writes the constraints files: for every supported Airflow the versions that `make test` and `make foreign` install.
# One file serves Python 3.10 to 3.13 by environment markers. What is pinned stays, unless --upgrade is given.
# Run it by `make constraints`.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-uv}
options=("$@")

# compile NAME AIRFLOW [FURTHER BOUND …]: writes constraints/NAME-AIRFLOW.txt
compile() {
    local airflow=$2 file=constraints/$1-$2.txt of=(--group "$1" --extra fab --extra http)
    test "$1" != airflow || of=(constraints/tools.in --group dev --group rehearsal --all-extras)
    shift 2
    # No hashes and no addresses: the same file has to work with every mirror of the package index.
    "$uv" pip compile pyproject.toml "${of[@]}" \
        --universal --python-version 3.10 --constraints <(printf '%s\n' "apache-airflow==$airflow" "$@") \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
        --output-file "$file" "${options[@]}"
    sed -i "1i # Made by constraints/compile.sh for Airflow $airflow, Python 3.10 to 3.13." "$file"
}

for name in airflow foreign foreign-apart; do
    compile $name 3.3.2
    # From 26.2 on svcs takes its registry back when a lifespan ends, which dag.test() of Airflow 3.2 does at once.
    compile $name 3.2.2 'fastapi<0.137' 'svcs<26.2'
done
