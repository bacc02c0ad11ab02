// Forked by the benchmark: the least that a bot can be. Acknowledges the command and does nothing else.
import bolt from '@slack/bolt';

const app = new bolt.App({
  token: process.env['BOT_TOKEN'] ?? '',
  appToken: process.env['APP_TOKEN'] ?? '',
  socketMode: true,
  logLevel: bolt.LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.env['SLACK_API'] ?? '' },
});
app.command('/breakglass', async ({ ack }) => ack());
await app.start();
process.send?.('started');
process.once('disconnect', () => process.exit());
