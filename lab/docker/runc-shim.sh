#!/bin/sh
# Stands in for runc on hosts that cannot grant CAP_SYS_RESOURCE: takes out of the container's specification what needs
# that capability (the capability itself, raised limits, a lower OOM score than our own) and hands over to runc.
set -eu

bundle= process= previous=
for argument in "$@"; do
  case $previous in
    --bundle | -b) bundle=$argument ;;
    --process | -p) process=$argument ;;
  esac
  case $argument in
    --bundle=*) bundle=${argument#*=} ;;
    --process=*) process=${argument#*=} ;;
  esac
  previous=$argument
done

score=$(cat /proc/self/oom_score_adj)
attainable='
  del(.rlimits)
  | if .capabilities then .capabilities |= map_values(. - ["CAP_SYS_RESOURCE"]) else . end
  | if (.oomScoreAdj // $score) < $score then .oomScoreAdj = $score else . end'

# Written in place: the file's owner and mode are the caller's business.
rewrite() {
  if [ -f "$1" ]; then
    changed=$(jq --compact-output --argjson score "$score" "$2" "$1")
    printf '%s\n' "$changed" >"$1"
  fi
}

if [ -n "$bundle" ]; then rewrite "$bundle/config.json" ".process |= ($attainable)"; fi
if [ -n "$process" ]; then rewrite "$process" "$attainable"; fi
exec runc "$@"
