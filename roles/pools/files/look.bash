# look SECONDS BOOLEANS PATHS: prints dead=PATH for what doesn't answer, off=BOOLEAN where SELinux has it off.
# BOOLEANS are separated by blanks, PATHS by newlines.

# stat -f asks the server each time; what stat alone shows may be remembered. A child that never comes back is left
# behind: nothing here waits for it, and it holds nothing that the one who called this waits for.
declare -A waiting=()
while IFS= read -r path; do
    [ -n "$path" ] || continue
    setsid stat --file-system -- "$path" </dev/null >/dev/null 2>&1 &
    waiting[$!]=$path
done <<<"$3"
end=$((SECONDS + $1))
while [ "${#waiting[@]}" -gt 0 ] && [ "$SECONDS" -le "$end" ]; do
    sleep 0.05
    for pid in "${!waiting[@]}"; do
        kill -0 "$pid" 2>/dev/null || unset "waiting[$pid]"
    done
done
for pid in "${!waiting[@]}"; do
    echo "dead=${waiting[$pid]}"
    disown "$pid"
    kill -KILL "$pid"
done

for boolean in $2; do
    case "$(PATH=$PATH:/usr/sbin getsebool "$boolean" 2>/dev/null)" in
        *"> off") echo "off=$boolean" ;;
    esac
done
exit 0
