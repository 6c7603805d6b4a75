import Icon from '@mui/icons-material/ApartmentOutlined';
import { TenantCreate, TenantEdit } from './TenantForm';
import { TenantList } from './TenantList';
import { TenantShow } from './TenantShow';

export const tenants = {
  name: 'tenants',
  icon: Icon,
  list: TenantList,
  show: TenantShow,
  create: TenantCreate,
  edit: TenantEdit,
  recordRepresentation: 'name',
};
