#!/bin/sh
# Makes the certificates of the stand-ins anew: an authority whose key is thrown away, one certificate for servers
# on loopback and in a cluster, and one with which an app registration shows itself. For tests only; they last.
set -eu
cd "$(dirname "$0")"
ca_key=$(mktemp)
trap 'rm -f "$ca_key" request.pem ca.srl' EXIT
days=36500
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days $days -subj '/CN=Stand-in authority' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' -keyout "$ca_key" -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1,DNS:fake-graph,DNS:fake-graph.fake-graph.svc,DNS:fake-graph.fake-graph.svc.cluster.local' \
  -keyout server-key.pem -out request.pem
openssl x509 -req -in request.pem -CA ca.pem -CAkey "$ca_key" -CAcreateserial -days $days -copy_extensions copy -out server.pem
openssl req -x509 -newkey rsa:2048 -nodes -days $days -subj '/CN=email-relay' -keyout app-key.pem -out app.pem
