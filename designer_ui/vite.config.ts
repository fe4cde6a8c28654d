import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The server serves what lands in server/static; during development the Vite server hands
// REST calls and the socket on to a running `coweave serve`.
const server = "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  plugins: [react()],
  build: { outDir: "../server/static", emptyOutDir: true, target: "es2023" },
  server: {
    proxy: { "/api": server, "/ws": { target: server.replace("http", "ws"), ws: true } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
