#!/usr/bin/env bash
# What deploy/ says is what the code has: folders, the entry's name, ports, settings, the health path. Needs no container engine.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
code=0
bad() { echo "   $1"; code=1; }
has() { grep -qE -- "$2" "$1" || bad "$1 lacks /$2/: $3"; }
echo "== deploy files against the code"

# Every folder and file that the image is built from exists, and no project that the silo needs is left out.
for path in $(sed -nE 's/^COPY ([^-].*) [^ ]+$/\1/p' deploy/Dockerfile); do
  [ -e "$path" ] || bad "deploy/Dockerfile copies $path, which does not exist"
done
needed() { # the folders of a project's references, and theirs
  local project="$1" next
  dirname "$project"
  for next in $(grep -v 'ReferenceOutputAssembly="false"' "$project" | sed -nE 's/.*ProjectReference Include="([^$"]+)".*/\1/p'); do
    needed "$(realpath --relative-to=. "$(dirname "$project")/$next")"
  done
}
for folder in $(needed Silo/OrleansCache.Silo.csproj | sort -u); do
  grep -qE "^COPY $folder/ $folder/\$" deploy/Dockerfile || bad "deploy/Dockerfile does not copy $folder, which the silo refers to"
done

entry="$(sed -nE 's/.*<AssemblyName>([^<]*)<.*/\1/p' Silo/OrleansCache.Silo.csproj)"
has deploy/Dockerfile "ENTRYPOINT .*\"${entry:-OrleansCache.Silo}\.dll\"" "the program's name"
has deploy/Dockerfile '^USER app$' "the silo does not run as root"
has deploy/Dockerfile '-p:Engine=\$\{ENGINE\}' "the engine is an argument"
has deploy/Dockerfile '-p:WithoutSamples=true' "the sample origin stays out"
has Silo/OrleansCache.Silo.csproj 'WithoutSamples' "the switch that the Dockerfile sets"

# Ports are those of the code.
http="$(sed -nE 's/.*FirstHttpPort = ([0-9]+);.*/\1/p' Silo/Configuration/SiloSettings.cs)"
silo="$(sed -nE 's/.*EffectivePort => Port \?\? ([0-9]+) .*/\1/p' Hosting/CacheSiloOptions.cs)"
client="$(sed -nE 's/.*EffectiveClientPort => ClientPort \?\? ([0-9]+) .*/\1/p' Hosting/CacheSiloOptions.cs)"
has deploy/Dockerfile "^EXPOSE $http $silo $client\$" "the ports of the code"
has deploy/compose.yaml "\"127\.0\.0\.1:$http:$http\"" "published on loopback only"
has deploy/compose.yaml "127\.0\.0\.1/$http .*GET /healthz/ready" "the health check's port and path"
has Silo/Api/HealthEndpoint.cs '"ready"' "the health check's path"

# Other containers reach the silo: it listens for them, and publishes its service's name.
has deploy/Dockerfile 'OrleansCache__Silo__Address=0\.0\.0\.0' "not the container's loopback alone"
service="$(awk '/^  [a-z]+:$/ { name = $1 } /deploy\/Dockerfile/ { print name; exit }' deploy/compose.yaml)"
has deploy/compose.yaml "OrleansCache__Silo__AdvertisedAddress: \"${service%:}\"" "the name of the silo's service"

# Every setting in the environment is a property of an options type.
for name in $(grep -ohE 'OrleansCache__[A-Za-z_]+' deploy/Dockerfile deploy/compose.yaml | sort -u); do
  property="${name##*__}"
  case "$name" in
    OrleansCache__Http__*) file=Silo/Configuration/HttpOptions.cs ;;
    *) file=Hosting/CacheSiloOptions.cs ;;
  esac
  grep -qE "public [A-Za-z?<>]+ $property \{ get; set; \}" "$file" || bad "$name is no property in $file"
done
connection="$(sed -nE 's/.*RedisConnection = "([a-z]+)".*/\1/p' Silo/SiloApp.cs)"
has deploy/compose.yaml "ConnectionStrings__$connection: " "the connection string that the program reads"

# Redis keeps what is written and evicts nothing.
for word in '"--appendonly", "yes"' '"--appendfsync", "everysec"' '"--maxmemory-policy", "noeviction"'; do
  has deploy/compose.yaml "$word" "how Redis runs"
done
if command -v docker >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
  docker compose -f deploy/compose.yaml config -q || bad "docker compose does not accept deploy/compose.yaml"
fi
[ $code -eq 0 ] && echo "   they agree"
exit $code
