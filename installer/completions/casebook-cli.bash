# bash completion of casebook-cli. Commands and options are asked of the program itself, so they are always its own.

_casebook_cli() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} word command=""
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in -*) ;; *) command=$word; break ;; esac
    done
    if [ -z "$command" ]; then
        local commands
        commands=$("$program" --help 2>/dev/null | awk '/^  [a-z]+  / { print $1 }')
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version --quiet" -- "$current")
        return
    fi
    case $previous in
    --as) mapfile -t COMPREPLY < <(compgen -W "$("$program" list importers 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$current"); return ;;
    --only) mapfile -t COMPREPLY < <(compgen -W "$("$program" list analyzers 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$current"); return ;;
    list) mapfile -t COMPREPLY < <(compgen -W "$("$program" list --help 2>/dev/null | sed -n 's/^usage: casebook-cli list \[\([a-z|]*\).*/\1/p' | tr '|' ' ')" -- "$current"); return ;;
    esac
    case $current in
    -*)
        local options
        options=$("$program" "$command" --help 2>/dev/null | awk '/^  -/ { print $1 }')
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        ;;
    *)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    esac
}
complete -F _casebook_cli casebook-cli
