/**
 * Whether a routing key matches a binding of a topic exchange: `*` is one word, `#` any number of
 * words. https://www.rabbitmq.com/tutorials/tutorial-five-javascript
 */
export function topicMatches(pattern: string, routingKey: string): boolean {
  return matches(pattern.split('.'), routingKey.split('.'));
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [expected, ...rest] = pattern;
  if (expected === undefined) return words.length === 0;
  if (expected === '#') return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  if (words.length === 0) return false;
  return (expected === '*' || expected === words[0]) && matches(rest, words.slice(1));
}
