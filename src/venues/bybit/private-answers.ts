import type { Decoded } from '../contract';
import { decodeAnswer } from './answers';
import { loginRefusal } from './refusals';
import type { AnswerFrame } from './wire';

/** Answers to our own frames on the private stream. https://bybit-exchange.github.io/docs/v5/ws/connect */
export function decodePrivateAnswer(frame: AnswerFrame): Decoded<never> {
  if (frame.op === 'auth') return decodeLogin(frame);
  // We ask only once we are logged in: the venue has forgotten us. It says nothing about the key.
  if (textOf(frame) === 'Request not authorized') return { kind: 'ended', reason: 'not logged in any more' };
  return decodeAnswer(frame);
}

// {"success":true,"ret_msg":"","op":"auth","conn_id":"cejreaspqfh3sjdnldmg-p"}
// {"op":"auth","success":false,"retCode":10003,"retMsg":"Invalid apikey","connId":"cejreaspqfm9se7usbrg-3ab"}
function decodeLogin(frame: AnswerFrame): Decoded<never> {
  const { success, retCode } = frame;
  if (success === true || (success === undefined && retCode === 0)) return { kind: 'loggedIn' };
  const code = Number.isSafeInteger(retCode) ? (retCode as number) : undefined;
  return { kind: 'loginRefused', reason: loginRefusal(code, textOf(frame)) };
}

function textOf({ ret_msg, retMsg }: AnswerFrame): string {
  const text = ret_msg ?? retMsg;
  return typeof text === 'string' ? text : '';
}
