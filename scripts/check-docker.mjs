// Checks what a container engine would find out late, or never: Dockerfile, docker-compose.yml and .dockerignore against
// each other, against the compiler's settings, and against what the backend expects of the two services.
//
//   node scripts/check-docker.mjs
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const ROOT = new URL('..', import.meta.url);
const PROBE = ['CMD', 'wget', '--no-verbose', '--tries=1', '--spider', 'http://localhost:3000/health'];
/** Of services that are not ours, or of Node itself. */
const FOREIGN = /^(GF_|RABBITMQ_|NODE_ENV$)/;

const read = (name) => readFileSync(new URL(name, ROOT), 'utf8');
const problems = [];
const expect = (condition, problem) => condition || problems.push(problem);

/** Instructions of the Dockerfile, continued lines joined, comments left out; stages in their order. */
function instructionsOf(text) {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => ({ name: line.split(/\s/, 1)[0], rest: line.replace(/^\S+\s*/, '') }));
}

function checkDockerfile(instructions, ignored) {
  const of = (name) => instructions.filter((one) => one.name === name);
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const inLast = (name) => last.filter((one) => one.name === name).at(-1)?.rest ?? '';
  expect(/^NODE_IMAGE=\S+:\S+$/.test(of('ARG')[0]?.rest ?? ''), 'Dockerfile: the base image has no tag');
  expect(of('FROM').length >= 2, 'Dockerfile: one stage only, so that development packages stay inside');
  expect(!['', 'root', '0'].includes(inLast('USER')), 'Dockerfile: runs as root');
  expect(/wget .*--spider .*\/health/.test(inLast('HEALTHCHECK')), 'Dockerfile: no HEALTHCHECK by wget');
  expect(/apt-get install .*\bwget\b/.test(inLast('RUN')), 'Dockerfile: wget is not installed');
  expect(inLast('CMD') === '["yarn", "main"]', 'Dockerfile: CMD is not yarn main');
  for (const { rest } of of('RUN')) {
    expect(
      !/\bnpm (install|i)\b/.test(rest),
      'Dockerfile: npm install does not keep to the lockfile, npm ci does',
    );
  }
  for (const { rest } of of('COPY')) {
    if (rest.startsWith('--from=')) continue;
    const sources = rest
      .split(/\s+/)
      .filter((word) => !word.startsWith('--'))
      .slice(0, -1);
    for (const source of sources) {
      expect(ignored.letsIn(source), `.dockerignore: keeps out ${source}, which the Dockerfile copies`);
    }
  }
}

function readIgnored(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  return {
    isClosed: lines[0] === '*',
    letsIn: (path) => allowed.includes(path),
    keepsOut: (path) => lines.includes(path),
  };
}

/** What the compiler leaves out must not be in the build either: it may import what is not there. */
function checkIgnored(ignored, tsconfig) {
  expect(ignored.isClosed, '.dockerignore: does not begin with *, so that .env would get into the build');
  for (const pattern of tsconfig.exclude) {
    const path = pattern.replace(/\/\*\*$/, '');
    expect(
      ignored.keepsOut(path),
      `.dockerignore: ${path} is excluded by tsconfig.json and gets into the build`,
    );
  }
}

function checkDaemon(name, command, service) {
  expect(service?.command === command, `compose: ${name} does not run "${command}"`);
  const { test, interval, timeout, retries, start_period: startPeriod } = service?.healthcheck ?? {};
  const isAsExpected = [interval, timeout, retries, startPeriod].join() === '30s,10s,3,10s';
  expect(
    JSON.stringify(test) === JSON.stringify(PROBE) && isAsExpected,
    `compose: ${name} has another health check`,
  );
  for (const needed of ['redis', 'rabbit']) {
    expect(isWaitedFor(service, needed), `compose: ${name} does not wait for a healthy ${needed}`);
  }
  expect(parseInt(service?.stop_grace_period) >= 10, `compose: ${name} is killed before it has drained`);
}

const isWaitedFor = (service, needed) => service?.depends_on?.[needed]?.condition === 'service_healthy';

function checkCompose(compose, knownVariables) {
  const { services } = compose;
  checkDaemon('user-update-connector', 'npm run main', services['user-update-connector']);
  checkDaemon('price-connector', 'npm run price', services['price-connector']);
  expect(
    isWaitedFor(services['price-connector'], 'user-update-connector'),
    'compose: price-connector does not wait for user-update-connector',
  );
  for (const [name, service] of Object.entries(services))
    checkService(name, service, compose.volumes, knownVariables);
}

function checkService(name, { image, environment = {}, volumes = [], ports = [] }, declared, knownVariables) {
  expect(image, `compose: ${name} has no image`);
  const unread = Object.keys(environment).filter((one) => !knownVariables.has(one) && !FOREIGN.test(one));
  expect(unread.length === 0, `compose: ${name} sets ${unread.join()}, which nobody reads`);
  for (const source of volumes.map((volume) => volume.split(':', 1)[0])) {
    const isKnown = source.startsWith('./') || source in declared;
    expect(isKnown, `compose: ${name} mounts ${source}, which is declared nowhere`);
  }
  for (const port of ports)
    expect(port.startsWith('127.0.0.1:'), `compose: ${name} opens ${port} to everybody`);
}

const ignored = readIgnored(read('.dockerignore'));
const variables = new Set(
  [...read('.env.sample').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name),
);
checkDockerfile(instructionsOf(read('Dockerfile')), ignored);
checkIgnored(ignored, JSON.parse(read('tsconfig.json')));
// Merge keys (<<) are YAML 1.1, which compose reads.
checkCompose(parse(read('docker-compose.yml'), { merge: true }), variables);

for (const problem of problems) console.error(problem);
if (problems.length === 0)
  console.log('Dockerfile, docker-compose.yml and .dockerignore are as they should be');
process.exitCode = problems.length === 0 ? 0 : 1;
