// A client in TypeScript, of what openapi-typescript has made of the document: client.ts URL; 343-clients.t compiles it.
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2]! });

const health: components['schemas']['Health'] = 'paused';
const state: components['schemas']['State'] = 'Paused';
// @ts-expect-error: neither a state nor a health
const nothing: components['schemas']['State'] | components['schemas']['Health'] = 'PAUSED';

const seen: string[] = [];
for (const asked of [health, state]) {
	const { data, error } = await client.GET('/tasks', { params: { query: { state: asked } } });
	if (data === undefined)
		throw new Error(JSON.stringify(error));
	for (const task of data.tasks)
		seen.push(`${asked} ${task.task_id} ${task.health}`);
}
const { error, response } = await client.GET('/tasks/{id}', { params: { path: { id: 'nope' } } });
seen.push(`${response.status} ${error?.code}`);
console.log(seen.join(', '));
