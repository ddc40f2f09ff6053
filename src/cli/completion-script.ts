/** Completion of the shells, written from the commands as they are. */
import type { CommandOutline } from './grammar/flag.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = typeof SHELLS[number];

/** What the user then sources: it completes commands, their verbs and their flags, and files behind those. */
export function completionScript(shell: Shell, commands: readonly CommandOutline[]): string {
  switch (shell) {
    case 'bash': return bash(commands);
    case 'zsh': return zsh(commands);
    case 'fish': return fish(commands);
  }
}

function bash(commands: readonly CommandOutline[]): string {
  return `# bash completion for hpcwhisk; source it, or put it into /etc/bash_completion.d
_hpcwhisk() {
  local word=\${COMP_WORDS[COMP_CWORD]} line= at choices
  for (( at = 1; at < COMP_CWORD; at++ )); do
    case \${COMP_WORDS[at]} in -*) ;; *) line="$line \${COMP_WORDS[at]}" ;; esac
  done
  case "$line" in
${lineCases(commands)}
    *) choices= ;;
  esac
  COMPREPLY=( $(compgen -W "$choices" -- "$word") )
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=( $(compgen -f -- "$word") )
}
complete -o filenames -F _hpcwhisk hpcwhisk
`;
}

function zsh(commands: readonly CommandOutline[]): string {
  return `#compdef hpcwhisk
# zsh completion for hpcwhisk; source it, or put it as _hpcwhisk into a directory of $fpath
_hpcwhisk() {
  local line= choices word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case $word in -*) ;; *) line="$line $word" ;; esac
  done
  case "$line" in
${lineCases(commands)}
    *) choices= ;;
  esac
  compadd -- \${=choices} || _files
}
compdef _hpcwhisk hpcwhisk
`;
}

/** One case for each line of words: what may stand behind it. A noun's verb may be followed by anything. */
function lineCases(commands: readonly CommandOutline[]): string {
  const lines = [`    "") choices="${commands.map(({ name }) => name).join(' ')}" ;;`];
  for (const { name, flags, verbs } of commands) {
    for (const verb of verbs) lines.push(`    " ${name} ${verb.name}"|" ${name} ${verb.name} "*) choices="${flagWords(verb)}" ;;`);
    lines.push(verbs.length === 0
      ? `    " ${name}"|" ${name} "*) choices="${flagWords({ flags })}" ;;`
      : `    " ${name}") choices="${verbs.map((verb) => verb.name).join(' ')} ${flagWords({ flags })}" ;;`);
  }
  return lines.join('\n');
}

function flagWords({ flags }: Pick<CommandOutline, 'flags'>): string {
  return flags.map(({ name }) => `--${name}`).join(' ');
}

function fish(commands: readonly CommandOutline[]): string {
  const lines = ['# fish completion for hpcwhisk; put it into ~/.config/fish/completions/hpcwhisk.fish'];
  const complete = (condition: string, what: string, description: string): void => {
    lines.push(`complete -c hpcwhisk -n '${condition}' ${what} -d '${description.replaceAll(/['\\]/g, '')}'`);
  };
  const flags = (condition: string, outline: CommandOutline): void => {
    for (const { name, short, kind, description } of outline.flags) complete(condition, `-l ${name}${short === undefined ? '' : ` -s ${short}`}${kind === 'boolean' ? '' : ' -r'}`, description);
  };
  for (const command of commands) {
    complete('__fish_use_subcommand', `-f -a ${command.name}`, command.description);
    const verbs = command.verbs.map(({ name }) => name).join(' ');
    if (verbs === '') flags(`__fish_seen_subcommand_from ${command.name}`, command);
    for (const verb of command.verbs) {
      complete(`__fish_seen_subcommand_from ${command.name}; and not __fish_seen_subcommand_from ${verbs}`, `-f -a ${verb.name}`, verb.description);
      flags(`__fish_seen_subcommand_from ${command.name}; and __fish_seen_subcommand_from ${verb.name}`, verb);
    }
  }
  return `${lines.join('\n')}\n`;
}
