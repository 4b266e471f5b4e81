import { ConnectorError } from '../domain/errors';
import type { AccountFeed, Refusal, VenueAdapter } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';

/** What the venue said to the account's session, in the contract's own terms. */
export interface TapListener {
  onRefused(refusal: Refusal): void;
  /** Where the next dial goes; the URL may hold a token. */
  onEndpoint(url: string): void;
  /** The dial could not even be begun. */
  onEndpointFailed(error: unknown): void;
}

/** The market as it is, with somebody listening at its account side. */
export function tapped({ adapter, market }: KnownMarket, listener: TapListener): KnownMarket {
  const { accountFeed } = adapter;
  if (!accountFeed) return { adapter, market };
  const heard: VenueAdapter = { ...adapter, accountFeed: tappedFeed(accountFeed, listener) };
  return { adapter: heard, market };
}

function tappedFeed({ session, codec, needsNoInstruments }: AccountFeed, listener: TapListener): AccountFeed {
  return {
    ...(needsNoInstruments && { needsNoInstruments }),
    session: {
      ...session,
      endpoint: (account, rest) => asked(session.endpoint(account, rest), listener),
    },
    codec: {
      begin: (market) => codec.begin(market),
      decode: (frame, context) => {
        const decoded = codec.decode(frame, context);
        const isRefusal = decoded.kind === 'loginRefused' || decoded.kind === 'refused';
        if (isRefusal && decoded.reason.alreadyLive !== true) listener.onRefused(decoded.reason);
        return decoded;
      },
    },
  };
}

async function asked(endpoint: Promise<string>, listener: TapListener): Promise<string> {
  try {
    const url = await endpoint;
    listener.onEndpoint(url);
    return url;
  } catch (error) {
    const refusal = refusalIn(error) ?? finality(error);
    if (refusal) listener.onRefused(refusal);
    else listener.onEndpointFailed(error);
    throw error;
  }
}

/** Adapters keep the venue's refusal as the cause of the error. */
export function refusalIn(error: unknown): Refusal | undefined {
  const cause = error instanceof ConnectorError ? error.cause : undefined;
  const isRefusal = typeof cause === 'object' && cause !== null && 'retry' in cause && 'text' in cause;
  return isRefusal ? (cause as Refusal) : undefined;
}

/** Where they do not, they say that no retry helps: a secret that cannot sign, a key that is no key. */
function finality(error: unknown): Refusal | undefined {
  if (!(error instanceof ConnectorError) || error.retry !== 'never') return undefined;
  return { code: error.code, text: error.message, retry: 'never', cause: 'credentials' };
}
