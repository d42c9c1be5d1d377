# Sourced by ./run and ./test: do all packages of Orleans 10 that a silo needs restore here? Probed once, kept under artifacts/.
orleans_restores() {
  local kept=artifacts/orleans.probe
  mkdir -p artifacts
  if [ ! -f "$kept" ]; then
    if dotnet restore Silo -p:Engine=orleans -v quiet >artifacts/orleans.probe.log 2>&1; then echo yes; else echo no; fi >"$kept"
  fi
  if [ "$(cat "$kept")" = yes ]; then
    ORLEANS_WHY="its packages restore here"; return 0
  fi
  ORLEANS_WHY="its packages do not restore here (artifacts/orleans.probe.log; delete artifacts/orleans.probe to try again)"; return 1
}
