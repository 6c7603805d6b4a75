import { Alert, Box, Button, Card, CardContent, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import { Notification, useLogin } from 'react-admin';

/** Where an operator signs in. The server tells nobody whether an account exists, and neither does this page. */
export function SignIn() {
  const login = useLogin();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      await login({ username: email, password });
    } catch (error) {
      setFault((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Box component="main" sx={{ minHeight: '100vh', display: 'grid', placeItems: 'center', p: 2 }}>
      <Box sx={{ width: '100%', maxWidth: 380 }}>
        <Typography
          sx={{ fontWeight: 700, fontSize: '1.4rem', letterSpacing: '-0.02em', color: 'primary.main', mb: 2 }}
        >
          Tenantry
        </Typography>
        <Card>
          <CardContent component="form" onSubmit={submit} sx={{ display: 'grid', gap: 2, p: 3 }}>
            <Typography variant="h5" component="h1">
              Sign in to the back office
            </Typography>
            {fault && <Alert severity="error">{fault}</Alert>}
            <TextField
              name="username"
              type="email"
              label="Email"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
            <TextField
              name="password"
              type="password"
              label="Password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <Button type="submit" variant="contained" size="large" disabled={busy}>
              Sign in
            </Button>
          </CardContent>
        </Card>
      </Box>
      <Notification />
    </Box>
  );
}
