#!/usr/bin/env bash
# Makes the secrets that compose.yaml names, each with random content, and leaves those alone that are there.
# A certificate of one's own goes to secrets/tls_certificate and secrets/tls_key before; else an authority of one's own
# signs one for PUBLIC_HOST, and goes into secrets/ca_bundle.
#   PUBLIC_HOST=airflow.example.com docker/prepare.sh [FOLDER]
set -euo pipefail
: "${PUBLIC_HOST:?the host name that people see}"
folder=${1:-"$(dirname "$0")/secrets"}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

missing() { [ ! -e "$1" ]; }
random() { openssl rand -hex 32 | tr -d '\n'; }

for name in admin_password api_secret_key client_secret jwt_secret postgres_password redis_password; do
    if missing "$name"; then random >"$name"; fi
done
if missing fernet_key; then openssl rand -base64 32 | tr '+/' '-_' | tr -d '\n' >fernet_key; fi

postgres="postgresql+psycopg2://airflow:$(cat postgres_password)@postgres:5432/airflow"
if missing sql_alchemy_conn; then printf '%s' "$postgres" >sql_alchemy_conn; fi
if missing result_backend; then printf '%s' "db+$postgres" >result_backend; fi
if missing broker_url; then printf '%s' "redis://:$(cat redis_password)@redis:6379/0" >broker_url; fi

if missing tls_certificate; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Airflow's own authority" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout ca_key -out ca_certificate 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$PUBLIC_HOST" \
        -keyout tls_key -out request 2>/dev/null
    openssl x509 -req -in request -CA ca_certificate -CAkey ca_key -CAcreateserial -days 365 -out tls_certificate \
        -extfile <(printf 'subjectAltName=DNS:%s,DNS:localhost\nextendedKeyUsage=serverAuth' "$PUBLIC_HOST") 2>/dev/null
    rm -f request ca_certificate.srl
fi
if missing ca_bundle; then
    # what everybody trusts, and one's own authority
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        if [ -e "$bundle" ]; then cat "$bundle"; break; fi
    done >ca_bundle
    if [ -e ca_certificate ]; then cat ca_certificate >>ca_bundle; fi
fi

# Containers read them as a user of their own; nobody else gets into the folder.
chmod 444 -- *
if [ -e ca_key ]; then chmod 400 ca_key; fi
echo "The secrets are in $folder; the admin's password is in admin_password."
