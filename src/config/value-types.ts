import { resolve } from 'node:path';
import { z } from 'zod';

/** How the text of a variable becomes a value. What is allowed is said by the table, so no schema has a text of its own. */

const url = (fits: (parsed: URL) => boolean) =>
  z.string().refine((text) => URL.canParse(text) && fits(new URL(text)));

export const word = z.string().regex(/^[\x21-\x7e]+$/);

/** Goes into tags, schedule names (64 characters together with a hash) and the log's origin (c2sp.org/signed-note). */
export const deployment = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/);

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);

export const region = z.string().regex(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/);

export const channel = z.string().regex(/^[CG][A-Z0-9]{4,20}$/);

export const folder = z.string().transform((text) => resolve(text));

/** 0 asks the system for any free port. */
export const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value <= 65_535);

/** A retention in compliance mode cannot be shortened by anybody: ten years are the most a typing error may cost. */
export const retainDays = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number)
  .refine((value) => value >= 1 && value <= 3_650);

export const host = z.union([
  z.ipv4(),
  z.ipv6(),
  z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/),
]);

/** Without user information: fetch refuses such a URL, and that would be learnt when it is called. */
export const httpUrl = url(
  ({ protocol, hostname, username, password }) =>
    ['http:', 'https:'].includes(protocol) && hostname !== '' && `${username}${password}` === '',
);

/** Without the last slash, so that a path can be put behind it. */
export const baseUrl = httpUrl.transform((text) => text.replace(/\/+$/, ''));

/** With it: Slack's client resolves method names against this URL. */
export const folderUrl = httpUrl.transform((text) => (text.endsWith('/') ? text : `${text}/`));

/** In a form that ioredis takes: a URL, or the absolute path of a socket. */
export const redisUrl = z.union([
  url(({ protocol, hostname }) => ['redis:', 'rediss:'].includes(protocol) && hostname !== ''),
  z
    .string()
    .regex(/^(?:unix:\/\/)?\/[^\0?#]+$/)
    .transform((text) => text.replace(/^unix:\/\//, '')),
]);

export const slackBotToken = z.string().regex(/^xoxb-[\w-]+$/);
export const slackAppToken = z.string().regex(/^xapp-[\w-]+$/);
