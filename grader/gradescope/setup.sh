#!/usr/bin/env bash
# Gradescope runs this once, while it builds the image. All that run_autograder needs is Python and the certificates
# of HTTPS; images that have both are left as they are.
set -euo pipefail
if ! command -v python3 > /dev/null || [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then
  apt-get update
  apt-get install -y --no-install-recommends python3 ca-certificates
fi
