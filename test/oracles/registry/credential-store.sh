#!/bin/sh
# A credential helper by the documented protocol; it keeps what it is given in $CREDENTIAL_STORE.
# https://github.com/docker/docker-credential-helpers#development
place() { printf '%s/%s' "$CREDENTIAL_STORE" "$(printf '%s' "$1" | tr '/:' '__')"; }
case "$1" in
  store)
    text=$(cat)
    server=$(printf '%s' "$text" | sed 's/.*"ServerURL": *"\([^"]*\)".*/\1/')
    printf '%s' "$text" > "$(place "$server")"
    ;;
  get)
    file=$(place "$(cat)")
    if [ -f "$file" ]; then cat "$file"; else echo 'credentials not found in native keychain'; exit 1; fi
    ;;
  erase) rm -f "$(place "$(cat)")" ;;
  list) echo '{}' ;;
esac
