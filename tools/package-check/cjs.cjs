// The same from CommonJS, and that it is the same code: there is no second copy of the package.
const assert = require('node:assert/strict');
const { PeerCloudModule } = require('nestjs-peercloud');
const { peercloud } = require('nestjs-peercloud/standalone');
const { version } = require('nestjs-peercloud/package.json');

assert.equal(typeof PeerCloudModule.forRoot, 'function');
assert.equal(typeof peercloud, 'function');
assert.match(version, /^\d+\.\d+\.\d+/);

void import('nestjs-peercloud').then((esm) => {
  assert.equal(esm.PeerCloudModule, PeerCloudModule);
});
