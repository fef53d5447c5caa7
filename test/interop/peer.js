// The Node half of the tests: the peer of the C program uvinterop.
//
//   node peer.js spawn PROGRAM ARGUMENT...   starts it with an IPC channel, and tests it
//   node peer.js exchange                    is started by it with one, and tests it
//   node peer.js pipe-server NAME            echoes one connection; says "ready" first
//   node peer.js pipe-client NAME HOW        as the role of the same name in peer.c
//
// An exception, or a promise that is refused, ends Node with a code that is not 0.
'use strict';
const assert = require('assert');
const childProcess = require('child_process');
const net = require('net');

const TIMES = 20;

function listen(options, onConnection) {
  return new Promise((resolve) => {
    const server = net.createServer(options, onConnection);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function readAll(socket) {
  return new Promise((resolve, reject) => {
    const parts = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts).toString()));
    socket.on('error', reject);
  });
}

// Send, end, and return all that comes back.
function talk(port, text) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(text);
  return readAll(socket);
}

async function refuses(port) {
  await assert.rejects(talk(port, 'is there anybody?'), { code: 'ECONNREFUSED' });
}

// ---- The channel: everything a parent and a child can send each other --------------------------

// The messages of `peer` (a ChildProcess, or process itself), one by one.
function inbox(peer) {
  const messages = [];
  let wake = () => {};
  peer.on('message', (text, handle) => {
    messages.push([text, handle]);
    wake();
  });
  return async () => {
    while (messages.length === 0) await new Promise((resolve) => { wake = resolve; });
    return messages.shift();
  };
}

async function exchangeTexts(peer, next) {
  const odd = 's\u00fc\u00df \u6f22\u5b57 \u{1F600} "quoted" \n\\';
  for (const text of ['', 'plain', odd, 'x'.repeat(500000)]) {
    peer.send('echo:' + text);
    assert.deepStrictEqual(await next(), ['echo:' + text, undefined]);
  }
  // Many at once; the order stays.
  for (let i = 0; i < 1000; i++) peer.send('echo:' + i);
  for (let i = 0; i < 1000; i++) assert.strictEqual((await next())[0], 'echo:' + i);
}

async function sendServer(peer, next) {
  const server = await listen({}, () => assert.fail('Node closed this server'));
  const { port } = server.address();
  peer.send('serve', server);
  assert.strictEqual((await next())[0], 'serving');
  await new Promise((resolve) => server.close(resolve));
  for (let i = 0; i < TIMES; i++) assert.strictEqual(await talk(port, 'guest ' + i), 'uv:guest ' + i);
  const texts = [...Array(TIMES).keys()].map((i) => 'crowd ' + i);
  const answers = await Promise.all(texts.map((text) => talk(port, text)));
  assert.deepStrictEqual(answers, texts.map((text) => 'uv:' + text));
  peer.send('close-server');
  assert.strictEqual((await next())[0], 'closed');
  await refuses(port); // nobody has kept it open
}

async function sendSockets(peer) {
  const server = await listen({ pauseOnConnect: true }, (socket) => peer.send('serve', socket));
  const { port } = server.address();
  assert.strictEqual(await talk(port, 'first'), 'uv:first');
  const texts = [...Array(TIMES).keys()].map((i) => ('socket ' + i + ' ').repeat(1000));
  const answers = await Promise.all(texts.map((text) => talk(port, text)));
  assert.deepStrictEqual(answers, texts.map((text) => 'uv:' + text));
  await new Promise((resolve) => server.close(resolve)); // which asks the peer about its sockets
}

async function receiveServer(peer, next) {
  peer.send('give-server');
  const [text, server] = await next();
  assert.strictEqual(text, 'server');
  assert(server instanceof net.Server);
  server.on('connection', (socket) => {
    socket.write('node:');
    socket.pipe(socket);
  });
  const { port } = server.address();
  // The ACK went out before the message came in here; an answer to this one shows that it is done.
  peer.send('echo:acknowledged');
  assert.strictEqual((await next())[0], 'echo:acknowledged');
  for (let i = 0; i < TIMES; i++) assert.strictEqual(await talk(port, 'to ' + i), 'node:to ' + i);
  await new Promise((resolve) => server.close(resolve));
  await refuses(port);
}

async function receiveSockets(peer, next) {
  let onSocket;
  const server = await listen({ allowHalfOpen: true }, (socket) => onSocket(socket));
  const { port } = server.address();
  for (let i = 0; i < TIMES; i++) {
    const accepted = new Promise((resolve) => { onSocket = resolve; });
    peer.send('give-socket:' + port);
    const [text, received] = await next();
    assert.strictEqual(text, 'socket');
    assert(received instanceof net.Socket);
    const far = await accepted;
    const there = readAll(far);
    const back = readAll(received);
    far.end('down ' + i);
    received.end('up ' + i);
    assert.strictEqual(await there, 'up ' + i);
    assert.strictEqual(await back, 'down ' + i); // and its end: nobody has kept a copy open
  }
  server.close();
}

async function exchange(peer) {
  const next = inbox(peer);
  await exchangeTexts(peer, next);
  if (process.env.UVTEST_TEXTS) { // a runtime that passes no handles (run.py)
    peer.disconnect();
    return;
  }
  await sendServer(peer, next);
  await sendSockets(peer);
  await receiveServer(peer, next);
  await receiveSockets(peer, next);
  await exchangeTexts(peer, next);
  peer.disconnect();
}

async function spawn(program, args) {
  const child = childProcess.spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = new Promise((resolve) => child.on('exit', (...end) => resolve(end)));
  ended.then((end) => assert(!child.connected, `it ended too early, with ${end}`));
  await exchange(child);
  assert.deepStrictEqual(await ended, [0, null]);
}

// ---- Plain pipes ---------------------------------------------------------------------------------

function pipeServer(name) {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      server.close();
      socket.on('error', reject);
      socket.on('close', resolve);
      socket.pipe(socket);
    });
    server.listen(name, () => console.log('ready'));
  });
}

async function pipeClient(name, how) {
  const sent = 'all that Node sends '.repeat(20000);
  const socket = net.connect({ path: name, allowHalfOpen: true });
  if (how === 'half') {
    socket.end(sent);
    assert.strictEqual(await readAll(socket), sent);
    return;
  }
  socket.write(sent);
  let back = '';
  for await (const part of socket) {
    back += part;
    if (back.length >= sent.length) break; // which closes
  }
  assert.strictEqual(back, sent);
}

// Node ends with 0 when there is nothing to wait for any more, whether this is done or not.
async function main([role, ...args]) {
  process.exitCode = 1;
  switch (role) {
    case 'spawn': await spawn(args[0], args.slice(1)); break;
    case 'exchange': await exchange(process); break;
    case 'pipe-server': await pipeServer(args[0]); break;
    case 'pipe-client': await pipeClient(args[0], args[1]); break;
    default: assert.fail('no such role: ' + role);
  }
  process.exitCode = 0;
}

main(process.argv.slice(2));
