# SPDX-License-Identifier: GPL-2.0
# bash completion for hpkm-nl

_hpkm_nl_peers() {
	hpkm-nl -j peer show 2>/dev/null |
		sed -n 's/^ *"\(id\|name\)": "\([^"\\]*\)",\{0,1\}$/\2/p'
}

_hpkm_nl_links() {
	local path

	for path in /sys/class/net/*; do
		echo "${path##*/}"
	done
}

# What may come after OBJECT COMMAND; PEER and DEV stand for what there is.
_hpkm_nl_after() {
	case "$1 $2 $3" in
	*" dev"|*" file"|*" fd"|*" name"|*" window"|*" index"|*" rid"|*" log-size"|*" rekey"*)
		[[ $3 == dev ]] && echo DEV ;;
	*" suite") echo xor chacha20poly1305 chacha20poly1305-x25519 ;;
	*" mode") echo strict permissive ;;
	*" bridge") echo on off ;;
	*" record") echo every messages-only ;;
	*" update update") echo PEER dev ;;
	*" update") echo every manual ;;
	link\ *\ "$2") echo DEV ;;
	link\ add*|link\ set*) echo mode ;;
	sk\ set*) echo suite file fd ;;
	sk\ del*) echo suite ;;
	pair\ add\ add|pair\ del\ del) echo DEV ;;
	pair\ add*) echo suite window override nowait ;;
	peer\ *\ "$2"|session\ *\ "$2"|log\ *\ "$2"|policy\ *\ "$2"|message\ *\ "$2") echo PEER dev ;;
	peer\ set*) echo name bridge ;;
	session\ add*) echo nowait ;;
	session\ update*) echo index rid nowait ;;
	policy\ set*) echo record update frames ms records seconds log-size rekey rekey-frames ;;
	message\ add*|message\ send*) echo file wait ;;
	state\ *) echo dir ;;
	esac
}

_hpkm_nl() {
	local cur=${COMP_WORDS[COMP_CWORD]} at=1 words object verb dirs=()

	COMPREPLY=()
	while ((at < COMP_CWORD)) && [[ ${COMP_WORDS[at]} == -* ]]; do
		((at++))
	done
	object=${COMP_WORDS[at]} verb=${COMP_WORDS[at + 1]}
	if ((COMP_CWORD == at)); then
		words="show device link sk pair peer session log policy location
			message persist state monitor help -j --json --help --version"
	elif [[ $object == monitor ]]; then
		words="count timeout"
	elif [[ $object == persist ]]; then
		words="background"
		((COMP_CWORD == at + 1)) && mapfile -t dirs < <(compgen -d -- "$cur")
	elif ((COMP_CWORD == at + 1)); then
		case $object in
		device|log) words="show" ;;
		link) words="show add set del" ;;
		sk|peer) words="show set del" ;;
		pair) words="show add del" ;;
		session) words="show add update" ;;
		policy|location) words="show set" ;;
		message) words="show add send" ;;
		state) words="export import" ;;
		help) words="show device link sk pair peer session log policy
			location message persist state monitor" ;;
		esac
		[[ $object != show && $object != help ]] && words+=" help"
	else
		words=$(_hpkm_nl_after "$object" "$verb" "${COMP_WORDS[COMP_CWORD - 1]}")
		[[ " $words " == *" PEER "* ]] && words="${words/PEER/} $(_hpkm_nl_peers)"
		[[ " $words " == *" DEV "* ]] && words="${words/DEV/} $(_hpkm_nl_links)"
		case $object\ ${COMP_WORDS[COMP_CWORD - 1]} in
		*\ file|state\ export|state\ import|state\ dir)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	COMPREPLY+=("${dirs[@]}")
}

complete -F _hpkm_nl hpkm-nl
