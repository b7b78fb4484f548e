# SPDX-License-Identifier: GPL-2.0-or-later
# Fish completion for ipwlctl. ipwlctl itself knows what may follow (user/ctl/complete.c).

function __ipwlctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (timeout 3 ipwlctl __complete $words[2..-1] "$current" 2>/dev/null </dev/null)
        switch $line
            case ':files'
                __fish_complete_path (string replace -r '^--[^=]*=' '' -- "$current")
            case ':users'
                __fish_complete_users
            case ':hosts'
                __fish_print_hostnames
            case '*'
                echo $line
        end
    end
end

complete -c ipwlctl -f -a '(__ipwlctl_complete)'
