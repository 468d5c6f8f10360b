import { ApolloProvider } from '@apollo/client/react';
import { createRoot } from 'react-dom/client';
import { client } from './client.ts';
import { TaskView } from './task-view.tsx';

const id = new URLSearchParams(location.search).get('id') ?? 'demo-success';
const app = document.getElementById('app');

if (app) {
  createRoot(app).render(
    <ApolloProvider client={client}>
      <TaskView id={id} />
    </ApolloProvider>,
  );
}
