import { Box, Divider, MenuItem, Typography } from '@mui/material';
import {
  AppBar,
  fetchUtils,
  Layout,
  type LayoutProps,
  Logout,
  Menu,
  TitlePortal,
  UserMenu,
  useLogout,
  useNotify,
  useUserMenu,
} from 'react-admin';

const Group = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <>
    <Divider sx={{ my: 1, mx: 2, opacity: 0.6 }} />
    <Typography variant="overline" color="textSecondary" sx={{ px: 2.25, lineHeight: 2, fontSize: '0.68rem' }} noWrap>
      {title}
    </Typography>
    {children}
  </>
);

const SideMenu = () => (
  <Menu sx={{ pt: 1 }}>
    <Menu.DashboardItem primaryText="Overview" />
    <Group title="Customers">
      <Menu.ResourceItem name="tenants" />
      <Menu.ResourceItem name="users" />
      <Menu.ResourceItem name="memberships" />
      <Menu.ResourceItem name="invitations" />
      <Menu.ResourceItem name="contact-requests" />
    </Group>
    <Group title="Billing">
      <Menu.ResourceItem name="plans" />
      <Menu.ResourceItem name="subscriptions" />
      <Menu.ResourceItem name="plan-changes" />
      <Menu.ResourceItem name="overrides" />
      <Menu.ResourceItem name="findings" />
      <Menu.ResourceItem name="reconcile-runs" />
      <Menu.ResourceItem name="stripe-events" />
    </Group>
    <Group title="Mail">
      <Menu.ResourceItem name="emails" />
      <Menu.ResourceItem name="suppressions" />
    </Group>
    <Group title="System">
      <Menu.ResourceItem name="audit-log" />
      <Menu.ResourceItem name="operators" />
      <Menu.ResourceItem name="api-keys" />
    </Group>
  </Menu>
);

/** For a lost or shared computer: every browser in which this operator is signed in. */
function SignOutEverywhere() {
  const logout = useLogout();
  const notify = useNotify();
  const { onClose } = useUserMenu() ?? {};
  const signOut = async () => {
    onClose?.();
    try {
      await fetchUtils.fetchJson('/api/session?everywhere=true', { method: 'DELETE' });
      await logout();
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    }
  };
  return <MenuItem onClick={signOut}>Sign out everywhere</MenuItem>;
}

const Person = () => (
  <UserMenu>
    <SignOutEverywhere />
    <Logout />
  </UserMenu>
);

const Bar = () => (
  <AppBar color="default" userMenu={<Person />}>
    <Box
      component="span"
      sx={{
        fontWeight: 700,
        letterSpacing: '-0.02em',
        mr: 1.5,
        color: 'primary.main',
        display: { xs: 'none', sm: 'inline' },
      }}
    >
      Tenantry
    </Box>
    <TitlePortal />
  </AppBar>
);

export const Shell = (props: LayoutProps) => <Layout {...props} menu={SideMenu} appBar={Bar} />;
