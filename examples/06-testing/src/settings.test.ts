import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTestCloud, type TestCloud } from 'nestjs-peercloud/testing';
import { AppModule } from './app.module.js';
import { SettingsService } from './settings.service.js';

const themes = (cloud: TestCloud) =>
  cloud.apps.map((_, index) => themeOf(cloud, index));

const themeOf = (cloud: TestCloud, index: number) =>
  cloud.get(index, SettingsService).settings.theme;

/** Nothing is under way any more, so that nothing fails when the cloud is closed. */
const answered = (cloud: TestCloud) =>
  cloud.until(() => cloud.messages.every(({ outcome }) => outcome));

describe('settings', () => {
  it('are changed at all replicas', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    await cloud.get(0, SettingsService).change('dark');
    assert.deepEqual(themes(cloud), ['dark', 'dark', 'dark']);
  });

  it('are caught up on by a replica that was cut off', async () => {
    await using cloud = await createTestCloud(3, AppModule);
    cloud.partition(2);
    await cloud.settled();
    await cloud.get(0, SettingsService).change('dark');
    assert.deepEqual(themes(cloud), ['dark', 'dark', 'light']);

    cloud.heal();
    await cloud.until(() => themeOf(cloud, 2) === 'dark');
    await answered(cloud);
  });

  it('are known to a replica that comes later, though their author is gone', async () => {
    await using cloud = await createTestCloud(2, AppModule);
    await cloud.get(0, SettingsService).change('dark');
    await cloud.kill(0);
    await cloud.settled();
    await cloud.add();
    await cloud.until(() => themeOf(cloud, 2) === 'dark');
    await answered(cloud);
  });
});
