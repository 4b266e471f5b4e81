import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';

/** Made for tests, of no use elsewhere: a server of localhost that signed its own certificate. */
const KEY = `\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoCyaB5DAdb3nvHjn
kU+zdDY9g93q+UFDW+I2+jWYwOehRANCAAR8zYUPElohuyE+wgezroC3vE5FQmII
FUKCjqjNb3B/wHzgSbWAyFTg6O7syVwpMOdAAdEo0YCd+UC30OnFLmSW
-----END PRIVATE KEY-----
`;
export const LOCAL_CERTIFICATE = `\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUXtHWBqS4smgY/tj8WYL6mSmVrgowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODAzMTkxMFoYDzIxMjYxMTA0
MDMxOTEwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR8zYUPElohuyE+wgezroC3vE5FQmIIFUKCjqjNb3B/wHzgSbWAyFTg
6O7syVwpMOdAAdEo0YCd+UC30OnFLmSWo28wbTAdBgNVHQ4EFgQUzJkJnX0hGtZ2
Nm1TdtCY07zaSX4wHwYDVR0jBBgwFoAUzJkJnX0hGtZ2Nm1TdtCY07zaSX4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhALv2QphywCIRpOR1pTJkzJ5JDSVery/2Kt1MLCDoNE2aAiAS
QBBt5wnK+Q7KjM/hTXLU1YyKp2tGhahSGFPhi3O81Q==
-----END CERTIFICATE-----
`;

export interface TlsServer {
  readonly port: number;
  close(): void;
}

/** Completes handshakes with whoever trusts `LOCAL_CERTIFICATE`, and says nothing. */
export async function startTlsServer(): Promise<TlsServer> {
  const server = createServer({ key: KEY, cert: LOCAL_CERTIFICATE }, (socket) =>
    socket.on('error', () => undefined),
  );
  // A client that does not trust us hangs up in the middle.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
