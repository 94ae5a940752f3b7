// Both entry points from ESM, as plain JavaScript.
import assert from 'node:assert/strict';
import { MessagingService, PeerCloudModule } from 'nestjs-peercloud';
import description from 'nestjs-peercloud/package.json' with { type: 'json' };
import { peercloud } from 'nestjs-peercloud/standalone';

assert.equal(typeof PeerCloudModule.forRoot, 'function');
assert.equal(typeof MessagingService, 'function');
assert.equal(typeof peercloud, 'function');
assert.equal(description.name, 'nestjs-peercloud');
