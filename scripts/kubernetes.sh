#!/bin/sh
# Writes packaging/kubernetes/dragonfly.yaml from the chart and its default values. HELM names the program.
set -eu
cd "$(dirname "$0")/.."
{
  echo '# One daemon on every node, without Helm. Written by scripts/kubernetes.sh from packaging/helm/dragonfly and its default values.'
  echo '# Name your image, then:'
  echo '#   kubectl create namespace dragonfly'
  echo '#   kubectl -n dragonfly create secret generic dragonfly-fleet --from-file=fleet.json   # made by: df fleet init fleet.json'
  echo '#   kubectl -n dragonfly apply -f dragonfly.yaml'
  "${HELM:-helm}" template dragonfly packaging/helm/dragonfly --namespace dragonfly |
    grep -v -e '^# Source: ' -e 'app.kubernetes.io/managed-by: ' 
} >packaging/kubernetes/dragonfly.yaml
