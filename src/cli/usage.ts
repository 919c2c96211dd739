/** What `portico help` prints. */
export const USAGE = `portico: a front end that terminates TLS and balances HTTP over backends

  portico run    [-c FILE] [--workers N] [--pretty]
                                   run; Ctrl-C or SIGTERM stops gracefully, SIGHUP reloads, SIGUSR1 reopens log files
  portico demo   [-c FILE]         run with local certificates and small backends of its own, and say what to try
  portico check  [-c FILE]         validate a configuration: every problem with its place
  portico explain URL [-c FILE] [--method M] [--header 'k: v'] [--sni NAME] [--client-ip IP] [--vip IP]
                 [--data BODY | @FILE] [--at TIME] [--json]
                                   what would become of a request, and why
  portico diff   A B [--requests FILE] [--json]
                                   which requests (of an access log, or URLs; or piped in) B decides otherwise than A
  portico certs  create HOST… | --client NAME [--dir certs] [--name NAME] [--days N] [--key-type ec|rsa]
                                   issue a certificate from the local CA (made on first use)
  portico certs  csr HOST… [--out certs] [--name NAME] [--key FILE | --key-type ec|rsa]
                                   make a key and a signing request for an authority
  portico certs  import FILE.p12 [--out certs] [--name NAME] [--password-file FILE | --password TEXT]
                                   make PEM of a PKCS #12 file; the password from there, from PORTICO_PASSWORD, or asked for
  portico certs  list [-c FILE | --dir certs] [--json]
                                   names, expiry and key type of what is served, by a running server or else by the files
  portico import bfe DIR [--output FILE [--force]]
                                   make a configuration of BFE's conf directory, and say what became of each line
  portico reload | status | drain [--admin HOST:PORT | -c FILE]
                                   speak to a running server
  portico schema                   print the JSON Schema of the configuration, for editors
  portico help | --version         or: portico COMMAND --help

FILE is conf/portico.yaml, here or else in the package, unless given.
Exit codes: 0 well, 1 failed (a port is taken, nothing answers), 2 wrong arguments or a bad configuration.
diff: 0 no request is decided otherwise, 1 some are, 2 something cannot be read.
import: 0 everything was carried over, 1 something was not, 2 nothing was made.
`;

/** What can stand behind `portico`. */
export const COMMANDS: readonly string[] = [
  'run',
  'demo',
  'check',
  'explain',
  'diff',
  'certs',
  'import',
  'reload',
  'status',
  'drain',
  'schema',
  'help',
];

/** What `portico COMMAND --help` prints: what concerns it, and the notes that concern all. */
export function usageOf(command: string): string {
  const [, synopsis = '', notes = ''] = USAGE.split('\n\n');
  const forms = synopsis.split(/\n(?= {2}portico )/).filter((form) => {
    const [names = ''] = form.replace('portico', '').split('[');
    return names.split('|').some((name) => name.trim().split(' ')[0] === command);
  });
  return [forms.join('\n'), notes].join('\n\n');
}
