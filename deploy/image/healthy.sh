#!/bin/bash
# The image's health check: whether ACKBOT_HEALTH_URL (http://HOST:PORT/PATH) answers 200.
# It runs every few seconds for years, so it is the shell's work: Python takes thirty times as long only to start.
IFS=/: read -r _ _ _ host port path <<<"$ACKBOT_HEALTH_URL"
exec 3<>"/dev/tcp/$host/$port" || exit 1
printf 'GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" >&3
read -r _ status _ <&3
[ "$status" = 200 ]
