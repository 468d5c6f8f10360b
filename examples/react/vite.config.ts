import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';

/** The page and the gateway share one origin, as they would behind one proxy: no CORS to set up. */
export default defineConfig(({ mode }) => {
  const { GATEWAY_URL = 'http://127.0.0.1:4000' } = loadEnv(mode, import.meta.dirname, 'GATEWAY_');
  const proxy = { '/graphql': { target: GATEWAY_URL, ws: true } };
  return { plugins: [react()], server: { proxy }, preview: { proxy } };
});
