import { once, type Fault } from './fault';
import { closeCommand, flatOpenCommand, openCommand } from './trader';

/** What the backend and the owner of an account do to a stream. */
export const ACCOUNT_FAULTS: readonly Fault[] = [
  once('account: new keys, closed and opened', ({ accounts, traders, backend }, chance) => {
    const trader = chance.of(traders);
    accounts.changeKeys(trader);
    backend.send([closeCommand(trader), flatOpenCommand(trader)]);
  }),
  once('account: new keys on a live room', ({ accounts, traders, backend }, chance) => {
    const [open, trader] = [chance.of([openCommand, flatOpenCommand]), chance.of(traders)];
    accounts.changeKeys(trader);
    backend.send([open(trader)]);
  }),
  once('backend: closes and opens streams', ({ traders, backend }, chance) => {
    const some = [chance.of(traders), chance.of(traders), chance.of(traders)];
    backend.send(some.flatMap((trader) => [closeCommand(trader), openCommand(trader)]));
  }),
];
