import { ApolloProvider } from '@apollo/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { client } from './client.ts';

const DEMO_IDS = ['demo-success', 'demo-outage', 'demo-queued', 'demo-flaky', 'demo-fail', 'demo-finished'];

const asked = new URLSearchParams(location.search).getAll('id');
const root = document.getElementById('root');

if (root) {
  createRoot(root).render(
    <StrictMode>
      <ApolloProvider client={client}>
        <App initialIds={asked.length > 0 ? asked : DEMO_IDS} />
      </ApolloProvider>
    </StrictMode>,
  );
}
