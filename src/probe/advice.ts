import type { Reach, Target } from './reach';

type Failure = Extract<Reach, { readonly isReached: false }>;

/** What was seen of a server that could not be reached, in a sentence. */
export function failureText({ host, port }: Pick<Target, 'host' | 'port'>, { step, code }: Failure): string {
  const where = `${host}:${port}`;
  switch (step) {
    case 'name':
      return `the name ${host} cannot be resolved (${code})`;
    case 'tcp':
      return code === 'ECONNREFUSED'
        ? `${where} refuses connections (${code}): nothing listens there`
        : `${where} does not accept a connection (${code})`;
    case 'tls':
      return `${where} accepts connections, but TLS fails (${code})`;
  }
}

const NOT_TLS: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ECONNRESET']);

/** What an operator does about it. */
export function failureAdvice({ step, code }: Failure): string {
  switch (step) {
    case 'name':
      return 'check the host name, and the DNS of this machine or container (/etc/resolv.conf)';
    case 'tcp':
      return code === 'ECONNREFUSED'
        ? 'start the server, or correct host and port'
        : 'check the route, the firewall and outgoing rules between here and there';
    case 'tls':
      if (NOT_TLS.has(code)) return 'the server speaks no TLS on this port: correct the port or the scheme';
      if (code === 'TIMEOUT')
        return 'the server does not answer TLS: correct the port, or look at the server';
      return `the certificate is not trusted: correct this machine's clock, the server's certificate, or name its authority (a *_CA_FILE setting, or NODE_EXTRA_CA_CERTS)`;
  }
}
