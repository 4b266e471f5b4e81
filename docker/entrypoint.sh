#!/bin/sh
# Starts the container's command under tini. `yarn main`, `npm run price` and the like become the node process they
# stand for: on SIGTERM yarn 1 exits without waiting for it, and npm's shell never tells it, so that the container
# would end (or be killed) before the events it holds are delivered.
set -eu

case "$*" in
  'yarn main' | 'yarn run main' | 'npm run main') script=main ;;
  'yarn price' | 'yarn run price' | 'npm run price') script=price ;;
  *) exec /usr/bin/tini -- "$@" ;;
esac

# package.json stays the only place that says what a script is.
command=$(node -p "require('/app/package.json').scripts['$script'].replace(/^exec /, '')")
# shellcheck disable=SC2086 -- the command is words, not one word.
exec /usr/bin/tini -- $command
