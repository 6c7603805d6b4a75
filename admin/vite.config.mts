import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type InlineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Libraries change less often than our own code: in files of their own they stay in the browser's cache. */
const vendorGroups = [
  {
    name: 'react',
    test: /node_modules[\\/](react|react-dom|react-router|react-router-dom|scheduler)[\\/]/,
    priority: 3,
  },
  { name: 'mui', test: /node_modules[\\/](@mui|@emotion)[\\/]/, priority: 2 },
  { name: 'react-admin', test: /node_modules[\\/](react-admin|ra-|@tanstack|react-hook-form)/, priority: 1 },
  { name: 'vendor', test: /node_modules/, priority: 0 },
];

/** One hosted page: its sources, the address that it is served under, and where its files go. */
const page = (source: string, base: string, output: string, splitVendors: boolean): InlineConfig => ({
  root: here(source),
  base,
  plugins: [react()],
  build: {
    outDir: here(output),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: splitVendors ? { output: { codeSplitting: { groups: vendorGroups } } } : {},
  },
});

const dashboard = page('./backoffice', '/admin/', '../dist/web/admin', true);
const portal = page('./portal', '/', '../dist/web/portal', false);

/** `vite build` makes both pages; `--mode portal` serves or builds the portal alone, `--mode dashboard` the dashboard. */
export default defineConfig(({ mode }) => {
  if (mode === 'portal') return portal;
  if (mode === 'dashboard') return dashboard;
  return {
    ...dashboard,
    builder: {
      buildApp: async (builder) => {
        const client = builder.environments.client;
        if (client) await builder.build(client);
        await build({ ...portal, configFile: false });
      },
    },
  };
});
